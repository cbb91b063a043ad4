import { runCommand, tryCommand } from '../cluster/machine/command.ts';
import type { CommandOptions, CommandOutcome } from '../cluster/machine/command.ts';
import { repeatWhile } from '../cluster/machine/wait.ts';
import { toolPath } from '../cluster/provider.ts';

/** kubectl, bound to one kubeconfig: never the user's own. */
export interface Kubectl {
  /** Where kubectl is, for commands shown to a person. */
  readonly program: string;
  /**
   * Runs kubectl and returns its standard output. What reaches no API server, or no node by way of it, is tried again for
   * half a minute: nothing was done. @throws ClusterError `CommandFailed`
   */
  run(kubectlArguments: readonly string[], options?: CommandOptions): Promise<string>;
  /** Runs kubectl; a failure is an outcome, not an error. */
  attempt(kubectlArguments: readonly string[], options?: CommandOptions): Promise<CommandOutcome>;
  /** `kubectl get ... --output=json`, parsed. */
  get<T>(getArguments: readonly string[]): Promise<T>;
  /** Server-side apply of YAML or JSON. Takes over fields that others set. */
  apply(manifest: string, applyArguments?: readonly string[]): Promise<string>;
}

const REACHING = { timeoutMilliseconds: 30_000, everyMilliseconds: 500 };

/** What kubectl says then: the first two of the API server, the third of a node. */
const NOT_REACHED =
  /Unable to connect to the server: (dial|net\/http: TLS handshake timeout)|The connection to the server .* was refused|error dialing backend: dial/;

const isUnreached = (error: unknown): boolean => error instanceof Error && NOT_REACHED.test(error.message);

/** Binds kubectl to a kubeconfig. */
export async function createKubectl(kubeconfigPath: string): Promise<Kubectl> {
  const program = await toolPath('kubectl');
  const bound = (kubectlArguments: readonly string[]): string[] => [
    `--kubeconfig=${kubeconfigPath}`,
    ...kubectlArguments,
  ];
  const run: Kubectl['run'] = (kubectlArguments, options) =>
    repeatWhile(isUnreached, () => runCommand(program, bound(kubectlArguments), options), REACHING);
  return {
    program,
    run,
    attempt: (kubectlArguments, options) => tryCommand(program, bound(kubectlArguments), options),
    get: async <T>(getArguments: readonly string[]) =>
      JSON.parse(await run(['get', ...getArguments, '--output=json'])) as T,
    apply: (manifest, applyArguments = []) =>
      run(['apply', '--server-side', '--force-conflicts', ...applyArguments, '--filename=-'], {
        input: manifest,
      }),
  };
}
