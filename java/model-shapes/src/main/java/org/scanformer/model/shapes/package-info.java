/** The bundled model of drawn shapes: its files, and the provider that the service loader finds. */
package org.scanformer.model.shapes;
