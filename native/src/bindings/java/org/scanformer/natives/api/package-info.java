/**
 * The C API as a Java class, with the front and the CPU backend in its library. Not for use by
 * applications.
 */
package org.scanformer.natives.api;
