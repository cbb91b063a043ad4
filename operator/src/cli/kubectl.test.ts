import { expect, it } from '@jest/globals';
import { createKubectl } from './kubectl.ts';

const NEVER = new AbortController().signal;

it('runs with the flags of the connection, and hands over standard input', async () => {
  const echo = createKubectl({ kubeconfig: '/k', context: 'c', namespace: 'n' }, 'echo');
  expect(await echo.capture(['exec'], '', NEVER)).toBe('--kubeconfig=/k --context=c --namespace=n exec\n');
  const cat = createKubectl({}, 'cat');
  expect(await cat.capture(['-'], 'ä\n', NEVER)).toBe('ä\n');
});

it('fails with the last words of a program that fails', async () => {
  const shell = createKubectl({}, 'sh');
  const running = shell.capture(['-c', 'echo no such pod >&2; exit 3'], 'never read', NEVER);
  await expect(running).rejects.toThrow('no such pod');
});

it('says that there is no kubectl', async () => {
  const nothing = createKubectl({}, 'no-such-kubectl');
  await expect(nothing.capture([], '', NEVER)).rejects.toThrow('put it on PATH');
});

it('ends when it is interrupted', async () => {
  const interrupt = new AbortController();
  const running = createKubectl({}, 'sleep').capture(['60'], '', interrupt.signal);
  interrupt.abort(new Error('interrupted'));
  await expect(running).rejects.toThrow('interrupted');
});
