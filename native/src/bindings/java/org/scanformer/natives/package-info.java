/** How the C API's types become Java's. Used only by the build. */
package org.scanformer.natives;
