import manifest from '../../package.json' with { type: 'json' };

/** Version of this program, which is that of the image and of the chart. */
export const VERSION: string = manifest.version;
