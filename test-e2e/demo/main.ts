/** `npm run demo`: the operator and a ShardedCluster on a real Kubernetes on this machine. See `--help`. */
import { parseArgs } from 'node:util';
import { describeFailure } from '../cluster/failure.ts';
import { createProgress } from '../cluster/progress.ts';
import { removeDemo } from './remove.ts';
import { runDemo } from './run.ts';

const HELP = `Usage: npm run demo [-- OPTIONS]

Starts a real Kubernetes of three nodes on this machine (or uses the one that runs), builds and installs the
operator with Helm, creates the ShardedCluster of examples/minimal.yaml in the namespace demo, writes rows, and
shows the objects and databases; then adds a shard to another cluster while a client writes to it. A second run
takes less than a minute. It uses a kubeconfig of its own, .dev/kubeconfig, and touches no other cluster.

Options:
  --clean   remove the ShardedCluster with its data and the operator; the Kubernetes stays
            (npm run cluster:down removes that)
  --help    show this
`;

const progress = createProgress((line) => console.log(line));
try {
  const { values } = parseArgs({ options: { clean: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    console.log(HELP);
  } else if (values.clean === true) {
    await removeDemo(progress);
  } else {
    await runDemo(progress);
  }
} catch (error) {
  console.error(`\nFailed: ${describeFailure(error)}`);
  console.error('\nTry again: npm run demo\nStart over: npm run demo -- --clean && npm run demo');
  process.exitCode = 1;
}
