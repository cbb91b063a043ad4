/** Every program that the development cluster and the tests build from Go modules. */
export type BinaryName =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubelet'
  | 'kube-proxy'
  | 'kubectl'
  | 'etcd'
  | 'helm'
  | 'coredns'
  | 'pause'
  | 'porcupine';

/** A folder with a go.mod, and the programs built from it in one run of the Go tool. */
export interface GoModule {
  readonly folder: string;
  /** The folder that `folder` is in, from the root of the checkout. @default `binaries/` of this tooling */
  readonly within?: string;
  readonly programs: readonly { readonly name: BinaryName; readonly packagePath: string }[];
  /** The module whose version the programs report, and the variables of the linker that carry it. */
  readonly version?: { readonly modulePath: string; readonly variables: readonly string[] };
}

const kubernetesProgram = (name: BinaryName): { name: BinaryName; packagePath: string } => ({
  name,
  packagePath: `k8s.io/kubernetes/cmd/${name}`,
});

/** All modules. */
export const goModules: readonly GoModule[] = [
  {
    folder: 'kubernetes',
    programs: [
      kubernetesProgram('kube-apiserver'),
      kubernetesProgram('kube-controller-manager'),
      kubernetesProgram('kube-scheduler'),
      kubernetesProgram('kubelet'),
      kubernetesProgram('kube-proxy'),
      kubernetesProgram('kubectl'),
    ],
    version: {
      modulePath: 'k8s.io/kubernetes',
      variables: ['k8s.io/component-base/version.gitVersion', 'k8s.io/client-go/pkg/version.gitVersion'],
    },
  },
  { folder: 'etcd', programs: [{ name: 'etcd', packagePath: 'go.etcd.io/etcd/server/v3' }] },
  {
    folder: 'helm',
    programs: [{ name: 'helm', packagePath: 'helm.sh/helm/v3/cmd/helm' }],
    version: {
      modulePath: 'helm.sh/helm/v3',
      variables: ['helm.sh/helm/v3/internal/version.version'],
    },
  },
  { folder: 'coredns', programs: [{ name: 'coredns', packagePath: 'github.com/coredns/coredns' }] },
  { folder: 'pause', programs: [{ name: 'pause', packagePath: '.' }] },
  { folder: 'porcupine', within: 'test-e2e/chaos', programs: [{ name: 'porcupine', packagePath: '.' }] },
];

/** The module that a program comes from. */
export function moduleOf(name: BinaryName): GoModule {
  const found = goModules.find((module) => module.programs.some((program) => program.name === name));
  if (found === undefined) {
    throw new TypeError(`no Go module builds ${name}`);
  }
  return found;
}

/** The version that a go.mod requires of a module, such as `v1.34.4`; undefined when it does not name it. */
export function requiredVersion(goMod: string, modulePath: string): string | undefined {
  const line = goMod.split('\n').find((text) => text.replace(/^require/, '').trim().startsWith(`${modulePath} `));
  return line?.replace(/^require/, '').trim().split(' ')[1];
}

/** The arguments of `go build` for a module, without the place of the output and the packages. */
export function buildFlags(module: GoModule, goMod: string): string[] {
  const linkerFlags = ['-s', '-w'];
  const version = module.version === undefined ? undefined : requiredVersion(goMod, module.version.modulePath);
  if (module.version !== undefined && version !== undefined) {
    linkerFlags.push(...module.version.variables.map((variable) => `-X ${variable}=${version}`));
  }
  return ['-trimpath', '-buildvcs=false', '-ldflags', linkerFlags.join(' ')];
}
