/** The CPU backend: opening it, its linear layers and its staging of pixels. */
package org.scanformer.internal.cpu;
