/** A page of metrics in some text format. */
export interface MetricsPage {
  readonly contentType: string;
  render(): Promise<string>;
}
