/** An application with the library and the bundled model. */
package org.scanformer.it.application;
