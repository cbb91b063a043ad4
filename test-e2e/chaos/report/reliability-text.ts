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

One shard of three instances on three nodes, two operators, two routers, all defaults but \`failover.minSecondsBetween: 0\`, since runs
follow one another sooner than failures do. The nodes are processes of one machine: its processors are shared by three
databases, their agents, two operators, two routers, a whole Kubernetes, and the clients, and figures include what that costs.
The first runs had no routers, as their lines say.

Clients speak to the database as applications do, over TLS. They append rows with unique ids, read and compare-and-set
single registers, and move money between accounts:

- **map**: follows the ShardMap by a watch, connects to the pod of the recorded primary, and gives up on a statement when
  the map names another. This is what a router does.
- **Service**: connects to the Service \`-primary\` on a node, by way of its kube-proxy; it waits 0.5 s for a connection
  and 1 s for an answer, and connects anew after an error. kube-proxy has its default settings, which alone can take
  up to 1.5 s to lead elsewhere.
- **router**: connects to the Service of the routers, waits for as long as a router holds a statement, and gives up nothing by
  itself. Its keyspace has four slots on the one shard, so that statements without a key are put together from four
  databases. It asks for reads at every level of consistency.
- A fourth one stands on the node of the first primary and holds on to its pod whatever happens, so that a node that is
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
- No client reads a writer's older row after a newer one, and a read of the primary shows everything that was acknowledged before it.
- Through the router: a read at the level \`ReadYourWrites\` shows what its client wrote, over another connection as well; one at
  \`Eventual\` is not further behind than \`readService.maxLagSeconds\` and the four seconds in which a router notices.
- Through the router: **statements outside a transaction see no error while another instance takes over**, with two exceptions that a router
  must tell honestly. A write that the primary had received when it was lost may have been executed: nobody can tell, so it is
  not sent again, and its client gets 1158; one for each client and loss at most. And a statement that has waited for
  \`spec.router.holdSeconds\` gets 1205. Inside transactions only 1213 is allowed (begin anew), and 1158 for a COMMIT whose
  answer was lost. Any other error, or any of these before the fault, breaks the promise.
- Where a router itself is killed, or its node is lost, nothing is promised but that: its connections end, and a new connection
  leads to the other router.
- No write is acknowledged by the primary of an old epoch that was sent after the new epoch's primary had opened.
- Never two members that can be reached take writes.
- A Service leads to the former primary for up to a second or two after a promotion, and that may be back as a read-only replica
  by then. What it answers to reads may be behind: such reads are counted, and not judged for linearizability. A client
  that follows the ShardMap is never led there, and is judged without exception.
- Reads that a deposed primary answers after its successor has opened are counted: they can only come from a connection
  that was held on to. One that begins more than two seconds later (\`failover.fenceSeconds\` and a second for the end of a
  server) breaks the promise; where the server was kept from running, two seconds after it could run again.
- Within 120 seconds after the fault all members follow, have the same rows (number, exclusive or and sum of row checksums),
  none has a transaction of its own, and commits wait for acknowledgements again.
- Another instance took over where it had to, and none where it must not.`;

export const AFTER_FIGURES = `### How volumes are filled

The databases of \`primary-disk-full\` and \`replica-disk-full\` are others than those of the remaining runs: each volume is a file system of
700 MiB in the memory of its node, filled to the last byte by a file beside the data. The volumes of all other runs are folders
of the machine's disk.

### How clocks are shifted

Linux has one wall clock for all processes of a kernel, and its time namespaces shift the monotonic clock only. The databases of
\`clock-shifted\` therefore run in an image that is the stock one with [libfaketime](https://github.com/wolfcw/libfaketime) loaded into
every program of the pod: the server, the agent, the launcher and whatever they start. A file of the pod says how far its wall clock
is off, and is changed while they run; the monotonic clock stays as it is, as on a machine whose clock was set. Each run looks at the
clock of the server and of the agent before it goes on. Operators, routers, kubelets and the API server keep the machine's clock.

### What is not done, and why

- **Delay and loss of packets**: kernels of small virtual machines often lack netem. Packets are dropped altogether, in one
  direction or both.
- **Power loss.** SIGKILL loses what a process has in memory, not what the kernel has not yet written to the disk.`;
