/** What `look` makes of each item, in their order; of so many items at once. */
export async function inTurns<In, Out>(
  items: readonly In[],
  atOnce: number,
  look: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    results.push(...await Promise.all(items.slice(at, at + atOnce).map(look)));
  }
  return results;
}
