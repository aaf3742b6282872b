// How long to wait before the next try: longer each time, and not at once with everybody. Pure.

export const FIRST_S = 0.5;
export const LONGEST_S = 10;

/** Seconds before try number `failures` (1 after the first failure). chance: 0 to 1. */
export function pauseS(failures, chance) {
  const whole = Math.min(FIRST_S * 2 ** (failures - 1), LONGEST_S);
  return whole * (0.75 + 0.25 * chance);
}
