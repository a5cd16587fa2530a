package org.scanformer;

/**
 * A box in pixels of the image as it was given, after EXIF orientation. The origin is the image's
 * top left corner.
 *
 * @param x left edge
 * @param y top edge
 * @param width extent to the right
 * @param height extent downwards
 */
public record Box(double x, double y, double width, double height) {}
