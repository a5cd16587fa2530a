package org.scanformer.internal.model;

/**
 * A token that is found in the text itself, before words are split.
 *
 * @param content what it is found by
 * @param singleWord only where no word character stands beside it
 * @param lstrip takes the white space before it as well
 * @param rstrip takes the white space after it as well
 * @param normalized found in normalized text, by its normalized content
 * @param special found before the others where several have the same content
 */
record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean lstrip,
    boolean rstrip,
    boolean normalized,
    boolean special) {}
