/**
 * Whether a reason says anything.
 *
 * @module
 */

/** Words that fill a text without saying why. */
const EMPTY_WORDS = new Set(
  ("n a na nan none no not non null nil undefined unknown unspecified empty blank void reason reasons text " +
    "string value here todo tbd tba your the an is of to be any given available applicable " +
    "provided specified determined description explanation placeholder lorem ipsum dolor sit amet " +
    "example ok yes true false short cause why and in one or two sentences word " +
    "keine kein grund angabe aucune aucun raison ninguna ninguno sin motivo nessuno nessun " +
    "nenhum нет причина причины нету brak 无 無 没有 原因 理由 なし 不明 未知 없음").split(" "),
);
/** As ANSWER_SCHEMA asks for, here of what can be seen. */
const LEAST_CHARACTERS = 10;
const LEAST_DIFFERENT = 4;

/** True for blanks, dots, dashes, invisible characters, one letter again and again, "n/a" and so on. */
export function saysNothing(reason: string): boolean {
  const visible = reason.normalize("NFKC").replace(/[\p{Default_Ignorable_Code_Point}\p{C}]/gu, "");
  if ([...visible.trim().replace(/\s+/g, " ")].length < LEAST_CHARACTERS) return true;
  const words = visible.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const telling = words.filter((word) => !EMPTY_WORDS.has(word));
  return new Set(telling.join("")).size < LEAST_DIFFERENT;
}
