/**
 * Decodes image files to upright 8-bit pixels, whatever they hold. Knows of no image of the public
 * API: what it returns is a plain value.
 */
package org.scanformer.internal.image;
