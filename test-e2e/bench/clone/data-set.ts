import type { MemberProcesses } from '../../agent/member-processes.ts';
import type { Progress } from '../../cluster/progress.ts';
import type { ShardStage } from '../shard-stage.ts';

const SCHEMA = 'conformance_bench';
/** Two rows to a page of InnoDB, so that every page is written once. */
const ROW_BYTES = 7680;
const ROWS_PER_STATEMENT = 10_000;

/** Removes the logs of changes, which nobody needs any more and which are as large as the rows. */
export async function dropLogs(stage: ShardStage): Promise<void> {
  for (const member of stage.shard.members) {
    await stage.query(member, 'FLUSH BINARY LOGS', 'PURGE BINARY LOGS BEFORE NOW()');
  }
}

/** Makes at least so many bytes of rows in the shard, by way of its primary. */
export async function fillWithBytes(
  stage: ShardStage,
  primary: MemberProcesses,
  bytes: number,
  progress: Progress,
): Promise<void> {
  const statements = Math.ceil(bytes / (ROW_BYTES * ROWS_PER_STATEMENT));
  await stage.query(
    primary,
    `CREATE DATABASE ${SCHEMA}`,
    `CREATE TABLE ${SCHEMA}.rows_of_text (id BIGINT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(${ROW_BYTES}) CHARACTER SET ascii)`,
  );
  await progress.step(`write ${Math.round(bytes / 2 ** 20)} MiB of rows`, async (detail) => {
    for (let statement = 1; statement <= statements; statement += 1) {
      detail(`${statement} of ${statements}`);
      await stage.query(
        primary,
        `USE ${SCHEMA}`,
        `INSERT INTO rows_of_text (text)
         SELECT REPEAT(SHA2(seq + RAND(), 512), ${ROW_BYTES / 128}) FROM seq_1_to_${ROWS_PER_STATEMENT}`,
      );
    }
  });
}
