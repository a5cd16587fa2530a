package org.scanformer.datasets;

/**
 * An object in an image, whether an expression speaks of it or not.
 *
 * @param box where it is, in pixels
 * @param category what it is, such as "circle" or "dog"; null where that is not known
 * @param color its colour's name; null where that is not known
 */
public record ImageObject(org.scanformer.Box box, String category, String color) {}
