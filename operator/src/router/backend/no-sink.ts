import type { ResultSink } from './result-sink.ts';

/** For answers that are of no interest but for how they end. Refuses files. */
export const NO_SINK: ResultSink = {
  columns() {},
  rows: () => true,
  onDrain: (callback) => callback(),
  end() {},
  ok() {},
  error() {},
  localFile: () => null,
};
