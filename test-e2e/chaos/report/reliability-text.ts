/** What does not depend on results. */

export const BEFORE_FIGURES = `# Reliability

What becomes of acknowledged writes, and for how long writes stay away, when things break: measured on a real Kubernetes
of three nodes, with a program that breaks them and judges every run. Every run that was recorded is in
[\`docs/reliability\`](reliability), one line each, and this page is made of those lines alone.

Repeat it on your machine (root on Debian with Go, or Docker with kind):

\`\`\`sh
npm run test:chaos -- --runs 5                       # every fault five times
npm run test:chaos -- --faults server-killed --runs 50 --seed 7
npm run generate                                     # makes this page of the results
\`\`\`

## How it is measured

One shard of three instances on three nodes, two operators, all defaults but \`failover.minSecondsBetween: 0\`, since runs
follow one another sooner than failures do. The nodes are processes of one machine: its processors are shared by three
databases, their agents, two operators, a whole Kubernetes, and the clients, and figures include what that costs.

Clients speak to the database as applications do, over TLS. They append rows with unique ids, read and compare-and-set
single registers, and move money between accounts:

- **map**: follows the ShardMap by a watch, connects to the pod of the recorded primary, and gives up on a statement when
  the map names another. This is what a router does.
- **Service**: connects to the Service \`-primary\` on a node, by way of its kube-proxy; it waits 0.5 s for a connection
  and 1 s for an answer, and connects anew after an error. kube-proxy has its default settings, which alone can take
  up to 1.5 s to lead elsewhere.
- A third one stands on the node of the first primary and holds on to its pod whatever happens, so that a node that is
  cut off is written to and read from as well.

The **gap** is the longest time between two acknowledged appends of one client that follow one another, after the fault:
the client's own waiting, reconnecting and TLS handshake included. It cannot be shorter than the client's pace, some
milliseconds.

An operation without an answer, as after a time-out, may have taken effect or not, at any later time. It counts as neither
lost nor failed.

## What is checked in every run

- Every acknowledged row and transfer is on the primary, and on every reachable member once the shard has converged; nothing
  is there that nobody wrote.
- Each register is linearizable: by a search of Wing and Gong's kind with Lowe's memory, and a second time by
  [Porcupine](https://github.com/anishathalye/porcupine). The two verdicts must agree.
- Every look at the accounts shows the same total; at the end the accounts are what the recorded transfers make of them.
- No client reads a writer's older row after a newer one.
- No write is acknowledged by the primary of an old epoch that was sent after the new epoch's primary had opened.
- Never two members that can be reached take writes.
- A Service leads to the former primary for up to a second or two after a promotion, and that may be back as a read-only replica
  by then. What it answers to reads may be behind: such reads are counted, and not judged for linearizability. A client
  that follows the ShardMap is never led there, and is judged without exception.
- Reads that a deposed primary answers after its successor has opened are counted: they can only come from a connection
  that was held on to, and only until the fence.
- Within 120 seconds after the fault all members follow, have the same rows (number, exclusive or and sum of row checksums),
  none has a transaction of its own, and commits wait for acknowledgements again.
- Another instance took over where it had to, and none where it must not.`;

export const AFTER_FIGURES = `### What is not done, and why

- **Clock five minutes off.** All nodes share one kernel, and Linux has one wall clock for all processes of a kernel: its time
  namespaces shift the monotonic clock only. Changing the machine's clock would change it for all nodes at once, and for
  everything else on the machine; a library that lies to one process about the time (libfaketime) would need another
  database image than the one that is shipped. Decisions about failover use monotonic clocks and no wall clock of another
  machine.
- **Disk full.** The volumes of these runs are folders without a size limit, and filling the machine's own disk would stop
  Kubernetes first. What happens before, on volumes that are really small, is a test of its own
  (\`test-e2e/scenarios/volume-nearly-full.long.test.ts\`); a disk that is full to the last byte is not among these runs.
- **Delay and loss of packets**: kernels of small virtual machines often lack netem. Packets are dropped altogether, in one
  direction or both.
- **Power loss.** SIGKILL loses what a process has in memory, not what the kernel has not yet written to the disk.`;
