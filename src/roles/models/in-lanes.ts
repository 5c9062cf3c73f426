/** Does something with each item, with so many of them at a time, in their order. */
export async function inLanes<item>(
  items: readonly item[],
  lanes: number,
  work: (item: item) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  const lane = async () => {
    for (const item of waiting) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
