import { createHash } from 'node:crypto';
import { microTime } from '../micro-time.ts';
import type { KubernetesObject } from '../objects.ts';
import type { KubernetesEvent, ObjectReference } from '../resources.ts';

/** Something worth telling the user about an object. */
export interface EventDescription {
  readonly type: 'Normal' | 'Warning';
  /** Why, as a word in UpperCamelCase; cut at 128 characters. */
  readonly reason: string;
  /** What was done, as a word in UpperCamelCase; cut at 128 characters. */
  readonly action: string;
  /** One sentence for a person; cut at 1 kB. Keep figures that change out of it, or every one is a new event. */
  readonly note: string;
  /** Another object that took part. */
  readonly related?: KubernetesObject;
}

/** Who reports. */
export interface Reporter {
  /** Qualified name of the controller, as in `example.org/operator`. */
  readonly controller: string;
  /** Name of the process, such as its pod's. */
  readonly instance: string;
}

/** Limits the API server enforces on events, in bytes. */
const LONGEST_NOTE = 1024;
const LONGEST_WORD = 128;
const LONGEST_NAME = 253;

/** Equal for events that count as the same happening again. */
export function seriesKey(regarding: ObjectReference, description: EventDescription): string {
  const { type, reason, action, note } = description;
  const related = description.related?.metadata?.uid ?? '';
  return JSON.stringify([
    regarding.uid,
    regarding.namespace,
    regarding.name,
    type,
    reason,
    action,
    note,
    related,
  ]);
}

/** The reference to an object in an event; `undefined` when the object is not identified well enough. */
export function referenceTo(object: KubernetesObject): ObjectReference | undefined {
  const { apiVersion, kind, metadata } = object;
  if (apiVersion === undefined || kind === undefined || metadata?.name === undefined) {
    return undefined;
  }
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** The Event of a first occurrence; `unique` makes its name differ from all others. */
export function firstEvent(
  regarding: ObjectReference,
  description: EventDescription,
  reporter: Reporter,
  now: number,
  unique: string,
): KubernetesEvent {
  const related = description.related === undefined ? undefined : referenceTo(description.related);
  const suffix = `.${createHash('sha256').update(unique).digest('hex').slice(0, 16)}`;
  return {
    metadata: {
      namespace: regarding.namespace ?? 'default',
      name: `${(regarding.name ?? '').slice(0, LONGEST_NAME - suffix.length)}${suffix}`,
    },
    eventTime: microTime(now),
    reportingController: reporter.controller,
    reportingInstance: cutAt(reporter.instance, LONGEST_WORD),
    type: description.type,
    reason: cutAt(description.reason, LONGEST_WORD),
    action: cutAt(description.action, LONGEST_WORD),
    note: cutAt(description.note, LONGEST_NOTE),
    regarding,
    ...(related === undefined ? {} : { related }),
  };
}

/** Cuts to at most `limit` bytes of UTF-8, between characters, with an ellipsis where something is missing. */
export function cutAt(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) {
    return text;
  }
  const ellipsis = '…';
  let end = limit - Buffer.byteLength(ellipsis);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return bytes.subarray(0, end).toString('utf8') + ellipsis;
}
