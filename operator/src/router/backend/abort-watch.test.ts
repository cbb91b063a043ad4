import { describe, expect, it } from '@jest/globals';
import { watchAbort } from './abort-watch.ts';

describe('watchAbort', () => {
  it('calls those who still watch, over one listener', () => {
    const abort = new AbortController();
    let listeners = 0;
    const add = abort.signal.addEventListener.bind(abort.signal);
    abort.signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    const called: string[] = [];
    const unwatch = watchAbort(abort.signal, () => called.push('gone'));
    watchAbort(abort.signal, () => called.push('one'));
    watchAbort(abort.signal, () => called.push('two'));
    unwatch();
    abort.abort();
    expect(called).toEqual(['one', 'two']);
    expect(listeners).toBe(1);
  });

  it('lets a handler stop the watch of another', () => {
    const abort = new AbortController();
    const called: string[] = [];
    const unwatch: { two?: () => void } = {};
    watchAbort(abort.signal, () => {
      called.push('one');
      unwatch.two?.();
    });
    unwatch.two = watchAbort(abort.signal, () => called.push('two'));
    abort.abort();
    expect(called).toEqual(['one']);
  });
});
