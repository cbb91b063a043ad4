/** `spec.clone`: how instances are copied to make others. */
import { z } from 'zod';
import { integer } from './fields.ts';

export const cloneSchema = z
  .object({
    bytesPerSecond: integer(
      1_000_000,
      2 ** 40,
      'Most bytes per second that an instance sends while it is copied, so that what it serves is not slowed down. ' +
        'Each instance is copied by one other at a time. The default is 2 gigabits per second.',
    ).default(250_000_000),
  })
  .meta({ description: 'How new and lost replicas are made as copies of other instances.' });
