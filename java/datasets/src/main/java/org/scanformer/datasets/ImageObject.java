package org.scanformer.datasets;

/**
 * An object in an image, whether or not an expression describes it. Immutable.
 *
 * @param box its place, in pixels
 * @param category what it is, such as "circle" or "dog"; null if not known
 * @param color its colour's name; null if not known
 */
public record ImageObject(org.scanformer.Box box, String category, String color) {}
