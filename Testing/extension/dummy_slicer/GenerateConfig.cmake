# What Slicer writes of an extension's description.
foreach(_field HOMEPAGE CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  if("${EXTENSION_${_field}}" STREQUAL "")
    message(FATAL_ERROR "EXTENSION_${_field} is not set")
  endif()
  _record_call(extension ${_field} "${EXTENSION_${_field}}")
endforeach()
