// Waits for something that may hang.

/** Waits for the task, or so long; true where it takes longer. Its failure counts as its end. */
export async function takesLonger(task: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, true);
  });
  const inTime = task.then(
    () => false,
    () => false,
  );
  const isLate = await Promise.race([inTime, late]);
  clearTimeout(timer);
  return isLate;
}
