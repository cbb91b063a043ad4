/** Metadata of our objects as read from the API server, timestamps as RFC 3339 strings. */
import { z } from 'zod';

const text = z.string();
const texts = z.record(text, text);

const ownerReference = z.looseObject({
  apiVersion: text,
  kind: text,
  name: text,
  uid: text,
  controller: z.boolean().exactOptional(),
  blockOwnerDeletion: z.boolean().exactOptional(),
});

const objectMetaSchema = z.looseObject({
  name: text,
  namespace: text,
  uid: text.exactOptional(),
  resourceVersion: text.exactOptional(),
  generation: z.int().exactOptional(),
  creationTimestamp: text.exactOptional(),
  deletionTimestamp: text.exactOptional(),
  labels: texts.exactOptional(),
  annotations: texts.exactOptional(),
  finalizers: z.array(text).exactOptional(),
  ownerReferences: z.array(ownerReference).exactOptional(),
});

/** Metadata of a namespaced object that exists or is about to. */
export interface ObjectMeta {
  name: string;
  namespace: string;
  uid?: string;
  /** Opaque: compare for equality, never order. */
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  /** Set once deletion was asked for; the object stays until its finalizers are gone. */
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: {
    apiVersion: string;
    kind: string;
    name: string;
    uid: string;
    controller?: boolean;
    blockOwnerDeletion?: boolean;
  }[];
}

/** Checks {@link ObjectMeta} and keeps the fields it does not name. */
export const objectMeta: z.ZodType<ObjectMeta> = objectMetaSchema;
