export async function asHtml(_report: unknown): Promise<string> {
  return '';
}
