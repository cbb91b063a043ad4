import { createProgress } from './test-e2e/cluster/progress.ts';
import { openShardStage } from './test-e2e/bench/shard-stage.ts';
import { listenAsOperator } from './test-e2e/bench/throughput/agents.ts';
import { prepareSysbench, runSysbench } from './test-e2e/bench/throughput/sysbench.ts';
const stage = await openShardStage(createProgress());
try {
  await prepareSysbench(stage, stage.shard.members[0]);
  const stop = listenAsOperator(stage.shard.members);
  console.log(await runSysbench(stage.shard.members[0], 'oltp_write_only', 20));
  await stop();
} finally { await stage.close(); }
