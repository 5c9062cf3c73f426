/** Resolves in a task of its own, so that frames fit between what comes before and what comes after. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}
