import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from './command-line.ts';
import { ClusterError } from './failure.ts';

describe('parseCommandLine', () => {
  it.each([
    [['up'], { kind: 'up' }],
    [['up', '--nodes', '5'], { kind: 'up', nodes: 5 }],
    [['up', '--nodes=1', '--provider', 'bare'], { kind: 'up', nodes: 1, provider: 'bare' }],
    [['down'], { kind: 'down' }],
    [['status', '--provider=kind'], { kind: 'status', provider: 'kind' }],
    [['node', 'kill', 'node-2'], { kind: 'node', action: 'kill', name: 'node-2' }],
    [
      ['node', 'heal', 'node-1', '--provider=bare'],
      { kind: 'node', action: 'heal', name: 'node-1', provider: 'bare' },
    ],
  ])('understands %j', (words, expected) => {
    expect(parseCommandLine(words)).toEqual(expected);
  });

  it.each([
    [['start'], /no command 'start'/],
    [['up', '--nodes', '0'], /from 1 to 9/],
    [['up', '--nodes', '10'], /from 1 to 9/],
    [['up', '--nodes', 'two'], /from 1 to 9/],
    [['up', '--provider', 'minikube'], /bare or kind/],
    [['up', 'please'], /Not understood: please/],
    [['up', '--quick'], /--quick/],
    [['down', '--nodes', '3'], /option of up only/],
    [['node'], /What shall be done/],
    [['node', 'reboot', 'node-1'], /'reboot' cannot be done/],
    [['node', 'kill'], /Which node/],
    [['node', 'kill', 'node-1', 'node-2'], /Not understood: node-2/],
  ])('refuses %j and shows the help', (words, message) => {
    let thrown: unknown;
    try {
      parseCommandLine(words);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ClusterError);
    expect(thrown).toMatchObject({ code: 'InvalidArguments', message: expect.stringMatching(message) });
    expect((thrown as ClusterError).remedy).toContain('npm run cluster');
  });

  it.each([
    [[]],
    [['--help']],
    [['up', '--help']],
    [['node', '--help']],
    [['down', '--help']],
    [['status', '--help']],
  ])('answers %j with help', (words) => {
    expect(parseCommandLine(words)).toMatchObject({ kind: 'help' });
  });
});
