/**
 * What drivers say of a connection that the other side has ended. Which of these depends on whether its end or the next write
 * was first, and on whether anything was unread then.
 */
export const CONNECTION_ENDED = /closed|killed|ended by the other party|ECONNRESET|EPIPE/i;
