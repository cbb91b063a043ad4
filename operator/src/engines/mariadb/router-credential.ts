/**
 * How routers log in to the servers as the users they serve, without holding anybody's password: every user that the
 * operator or a router makes may also be identified by a password derived from its name and a secret that only routers
 * and the operator have.
 */
import { createHmac } from 'node:crypto';
import { nativePasswordHash } from './credentials.ts';

/** Tells this use of the secret from any other. */
const PURPOSE = 'shardwright router credential v1';

/**
 * The password by which a router logs in as `user`: HMAC-SHA256 of the user's name under the router secret, as 43
 * characters of base64url. `secret` is the text of the key `key` of the Secret `<cluster>-router`, without a line end.
 */
export function routerPassword(secret: string, user: string): string {
  return createHmac('sha256', secret).update(`${PURPOSE}\0${user}`, 'utf8').digest('base64url');
}

/** What the server stores for that password: see `nativePasswordHash`. */
export function routerPasswordHash(secret: string, user: string): string {
  return nativePasswordHash(routerPassword(secret, user));
}
