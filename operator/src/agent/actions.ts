/** Doing what was decided. Each action can be repeated: an agent may have died in the middle of it. */
import type { Account } from '../engines/accounts.ts';
import type { BootOrder } from '../engines/boot.ts';
import { EngineError, type EngineErrorCode, errorMessage } from '../engines/engine-error.ts';
import { assertNever } from '../runtime/assert-never.ts';
import type { ActionContext } from './action-context.ts';
import { followSource, openWrites, type Outcome, promote } from './change-role.ts';
import type { Action } from './decision.ts';
import { keepTail, vacate } from './return-actions.ts';
import { receiveClone } from './receive-clone.ts';
import type { ServerSession } from './server-session.ts';

/** The mark that accounts exist may wait for nobody: the server is closed and no replica acknowledges yet. */
const FIRST_HEARTBEAT_MILLISECONDS = 5000;
const CLOSE_MILLISECONDS = 5000;

/**
 * Carries out one action; rejects with what kept it from being done. `isCurrent` tells, by the map as it now is,
 * whether the action is still to be taken.
 */
export async function act(
  context: ActionContext,
  action: Action,
  isCurrent: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<Outcome> {
  switch (action.kind) {
    case 'follow':
      return follow(context, action.primary, signal);
    case 'promote':
      return promote(
        { session: context.session.require(), isCurrent, clock: context.clock, logger: context.logger },
        action,
        signal,
      );
    case 'openWrites':
      return openWrites(context.session.require(), action, signal);
    case 'ensureDatabases':
      return ensureDatabases(context, signal);
    default:
      await actAtOnce(context, action, signal);
      return 'done';
  }
}

/** Actions that are over when they have succeeded. */
type SimpleAction = Exclude<
  Action,
  { readonly kind: 'follow' | 'promote' | 'openWrites' | 'ensureDatabases' }
>;

async function actAtOnce(context: ActionContext, action: SimpleAction, signal: AbortSignal): Promise<void> {
  const { member, launcher, session, files, logger, onActivity } = context;
  switch (action.kind) {
    case 'release':
      return launcher.release(signal);
    case 'killServer':
      logger.warn('killing a server that must not serve: another member is the primary');
      await launcher.kill(signal);
      return;
    case 'initialise':
      onActivity({ kind: 'initialising' });
      return member().files.initialise(signal);
    case 'clone':
      await receiveClone(
        {
          sources: action.from,
          request: context.requestClone,
          target: member().cloneTarget,
          onActivity,
          logger,
        },
        signal,
      );
      return session.noteCloned();
    case 'start':
      onActivity({ kind: 'starting' });
      return start(context, action.order, signal);
    case 'connect':
      return connect(context, signal);
    case 'salvage':
      onActivity({ kind: 'salvaging' });
      return salvage(session, signal);
    case 'keepTail':
      return keepTail(context, action.epoch, signal);
    case 'giveUp':
      logger.warn('the member is to be made anew', { reason: action.reason });
      context.returns.noteGivenUp(action.reason);
      await launcher.kill(signal);
      return;
    case 'vacate':
      return vacate(context, action, signal);
    case 'prepareDatabase':
      await ensureAccounts(context, signal);
      // Before anybody has to acknowledge them, and before anybody could ask for them.
      while ((await ensureDatabases(context, signal)) === 'again') {
        signal.throwIfAborted();
      }
      return session.require().writeHeartbeat(action.epoch, FIRST_HEARTBEAT_MILLISECONDS, signal);
    case 'ensureAccounts':
      return ensureAccounts(context, signal);
    case 'ensureUsers':
      return ensureUsers(context, signal);
    case 'setAcknowledgement':
      return session.require().setAcknowledgement(action.rule, signal);
    case 'closeWrites':
      await session.require().closeWrites(CLOSE_MILLISECONDS, signal);
      return;
    case 'reloadCertificates': {
      const digest = files.certificatesDigest();
      await session.require().reloadCertificates(signal);
      session.noteCertificates(digest);
      return;
    }
    case 'applyRetention': {
      const rule = context.retentionRule();
      if (rule !== null) {
        const { discardedBytes, remainingBytes, heldBy } = await session
          .require()
          .applyRetention(rule, signal);
        const level = discardedBytes > 0 ? 'info' : 'debug';
        logger[level]('logs of changes', { discardedBytes, remainingBytes, heldBy });
      }
      return;
    }
    default:
      return assertNever(action);
  }
}

/** Has the member follow a pod; see {@link followSource}. */
export async function follow(
  context: Pick<ActionContext, 'session' | 'files' | 'serverAddress'>,
  primary: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { session, files, serverAddress } = context;
  const { name, password } = replicationAccount(files.accounts());
  const source = { ...serverAddress(primary), user: name, password };
  const digest = files.accountsDigest();
  try {
    const outcome = await followSource(session.require(), source, signal);
    if (outcome === 'done') {
      session.noteFollowed(digest);
    }
    return outcome;
  } catch (error) {
    if (error instanceof EngineError && LASTING.has(error.code)) {
      session.noteFollowFailure(errorMessage(error));
    }
    throw error;
  }
}

/** What the server says no to will fail again; no answer says nothing about the data. */
const LASTING: ReadonlySet<EngineErrorCode> = new Set<EngineErrorCode>([
  'Refused',
  'ReceivedNotApplied',
  'ServerError',
]);

async function salvage(session: ServerSession, signal: AbortSignal): Promise<void> {
  try {
    await session.require().salvage(signal);
    session.noteSalvaged();
  } catch (error) {
    session.noteSalvageFailure(errorMessage(error), error instanceof EngineError && LASTING.has(error.code));
    throw error;
  }
}

async function start(context: ActionContext, order: BootOrder, signal: AbortSignal): Promise<void> {
  const { member, launcher, completeLaunch, session, volume, files } = context;
  const certificates = files.certificatesDigest();
  volume.forgetEnds();
  context.returns.noteStart();
  session.noteStart();
  const plan = await completeLaunch(await member().prepareBoot(order, signal));
  const { epoch, role } = order;
  const { server } = await launcher.start({ ...plan, epoch, role }, signal);
  if (server !== null) {
    session.noteStarted(server.pid, certificates);
  }
}

async function connect({ launcher, session }: ActionContext, signal: AbortSignal): Promise<void> {
  const pid = launcher.status()?.server?.pid;
  if (pid === undefined) {
    throw new Error('no server runs');
  }
  await session.connect(pid, signal);
}

async function ensureAccounts({ session, files, logger }: ActionContext, signal: AbortSignal): Promise<void> {
  const accounts = files.accounts();
  const digest = files.accountsDigest();
  if (accounts === null) {
    throw new Error('the mounted Secrets of the accounts cannot be read');
  }
  const { changed } = await session.require().ensureAccounts(accounts, signal);
  session.noteAccounts(digest);
  if (changed.length > 0) {
    logger.info('accounts were set', { accounts: changed });
  }
}

async function ensureDatabases(
  { session, databases, logger }: ActionContext,
  signal: AbortSignal,
): Promise<Outcome> {
  const wanted = databases();
  if (wanted === null) {
    return 'done';
  }
  const { changes, isComplete } = await session.require().ensureDatabases(wanted, signal);
  if (changes > 0) {
    logger.info('databases of keyspaces were set', { changes, isComplete });
  }
  if (isComplete) {
    session.noteDatabases(wanted.digest);
  }
  return isComplete ? 'done' : 'again';
}

async function ensureUsers(
  { session, usersOrder, logger }: ActionContext,
  signal: AbortSignal,
): Promise<void> {
  const order = usersOrder();
  if (order === null) {
    return;
  }
  const { changed, taken, carried } = await session.require().ensureUsers(order, signal);
  session.noteUsers({ digest: order.digest, taken, carried });
  if (changed.length > 0) {
    logger.info('users were set', { users: changed });
  }
}

/** The account that receives from other servers. Throws where its Secret cannot be read. */
export function replicationAccount(accounts: readonly Account[] | null): Account {
  const account = accounts?.find(({ purpose }) => purpose === 'replication');
  if (account === undefined) {
    throw new Error('the mounted Secret of the replication account cannot be read');
  }
  return account;
}
