/**
 * What a person says by annotations of a ShardedCluster: a switchover, a promotion that may lose writes, and which shard has a
 * database where a lost map cannot tell. An annotation stays where it is, so that it can stand in Git: each distinct value of the first
 * two is carried out once, and the last counts only while there is no map.
 */
import { API_GROUP } from './group.ts';
import { shardName } from './names.ts';

/** Longest value of a request, in characters. */
export const MAX_REQUEST_LENGTH = 253;

/** Longest token that tells one request from another to the same pod, in characters. */
const MAX_TOKEN_LENGTH = 63;

/** Annotation that asks for another primary of shard `number`. */
export function switchoverAnnotation(number: number): string {
  return `switchover.${API_GROUP}/shard-${number}`;
}

/** Annotation that accepts the loss of writes by a promotion in shard `number`. */
export function promotionAnnotation(number: number): string {
  return `promote.${API_GROUP}/shard-${number}`;
}

/** Annotation that names the shard that has a database, for the case that a lost map is made again and cannot tell. */
export function ownerAnnotation(database: string): string {
  // The dollar of the names of databases is in no name of an annotation, and the dot in no name of a database.
  return `${OWNER_PREFIX}${database.replace('$', '.')}`;
}

/** Shards that people have named for databases, by the name of the database; what is no number of a shard is left out. */
export function ownersNamed({ metadata }: Annotated): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(metadata.annotations ?? {}).flatMap(([name, value]) =>
      name.startsWith(OWNER_PREFIX) && /^(0|[1-9]\d{0,3})$/u.test(value.trim())
        ? [[name.slice(OWNER_PREFIX.length).replace('.', '$'), Number(value)] as const]
        : [],
    ),
  );
}

const OWNER_PREFIX = `owner.${API_GROUP}/`;

/** A planned change of the primary. */
export interface SwitchoverRequest {
  /** The annotation as it stands; recorded once it was dealt with. */
  readonly value: string;
  /** Pod that shall become the primary; null leaves the choice to the operator. */
  readonly to: string | null;
}

/** A promotion by a person's word, though acknowledged writes may be lost. */
export interface PromotionRequest {
  readonly value: string;
  readonly to: string;
  /** The epoch that the promotion makes, as the refusal named it: for any other promotion the request is void. */
  readonly epoch: number;
}

/** An annotation that cannot be understood. */
export interface InvalidRequest {
  readonly value: string;
  /** What is wrong and how to write it, in a sentence. */
  readonly fault: string;
}

interface Annotated {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Writes a request for a switchover; `token` tells it from a former one to the same pod. */
export function formatSwitchoverRequest({ to, token }: { to: string | null; token: string }): string {
  return `${to ?? 'any'}/${token}`;
}

/** Writes a request for the promotion that makes `epoch`. */
export function formatPromotionRequest({ to, epoch }: Pick<PromotionRequest, 'to' | 'epoch'>): string {
  return `${to}/${epoch}`;
}

/** The switchover that the annotations of a cluster ask for in shard `number`; null when they ask for none. */
export function switchoverRequestOf(
  cluster: Annotated,
  number: number,
): SwitchoverRequest | InvalidRequest | null {
  const annotation = switchoverAnnotation(number);
  const value = valueOf(cluster, annotation);
  if (value === null) {
    return null;
  }
  const shard = shardName(cluster.metadata.name, number);
  const example = `write ${shard}-1, or any, with a token behind it to ask again: any/2`;
  const invalid = (what: string): InvalidRequest => ({
    value: value.slice(0, MAX_REQUEST_LENGTH),
    fault: `The annotation ${annotation} ${what}: ${example}.`,
  });
  if (value.length > MAX_REQUEST_LENGTH) {
    return invalid(`is longer than ${MAX_REQUEST_LENGTH} characters`);
  }
  const { target, rest } = divide(value);
  if (rest !== null && !isToken(rest)) {
    return invalid(
      `has a token that is not of at most ${MAX_TOKEN_LENGTH} letters, digits and the characters . _ : -`,
    );
  }
  if (target === 'any') {
    return { value, to: null };
  }
  return isMemberName(shard, target)
    ? { value, to: target }
    : invalid(`names ${target === '' ? 'nothing' : target}, which is no pod of ${shard}`);
}

/** The promotion that the annotations of a cluster ask for in shard `number`; null when they ask for none. */
export function promotionRequestOf(
  cluster: Annotated,
  number: number,
): PromotionRequest | InvalidRequest | null {
  const annotation = promotionAnnotation(number);
  const value = valueOf(cluster, annotation);
  if (value === null) {
    return null;
  }
  const shard = shardName(cluster.metadata.name, number);
  const invalid = (what: string): InvalidRequest => ({
    value: value.slice(0, MAX_REQUEST_LENGTH),
    fault: `The annotation ${annotation} ${what}: write pod and epoch, as ${shard}-1/7.`,
  });
  const { target, rest } = divide(value);
  if (!isMemberName(shard, target)) {
    return invalid(`names ${target === '' ? 'nothing' : target}, which is no pod of ${shard}`);
  }
  const epoch = rest !== null && /^(0|[1-9]\d*)$/u.test(rest) ? Number(rest) : NaN;
  return Number.isSafeInteger(epoch) ? { value, to: target, epoch } : invalid('has no epoch behind the pod');
}

/** Whether a request could not be understood. */
export function isInvalidRequest(
  request: SwitchoverRequest | PromotionRequest | InvalidRequest,
): request is InvalidRequest {
  return 'fault' in request;
}

function valueOf({ metadata }: Annotated, annotation: string): string | null {
  const value = metadata.annotations?.[annotation]?.trim() ?? '';
  return value === '' ? null : value;
}

/** At the first slash: names of pods have none. */
function divide(value: string): { target: string; rest: string | null } {
  const slash = value.indexOf('/');
  return slash < 0
    ? { target: value, rest: null }
    : { target: value.slice(0, slash), rest: value.slice(slash + 1) };
}

function isToken(text: string): boolean {
  return text.length <= MAX_TOKEN_LENGTH && /^[A-Za-z0-9._:-]+$/u.test(text);
}

function isMemberName(shard: string, pod: string): boolean {
  return pod.startsWith(`${shard}-`) && /^(0|[1-9]\d{0,3})$/u.test(pod.slice(shard.length + 1));
}
