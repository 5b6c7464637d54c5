# embed_text(NAME NAMESPACE HEADER FILES...): makes NAME.cpp in the build folder, which defines one
# `const std::string_view` for each file, named after it (job.sh becomes `job_sh`) and declared in HEADER.
# Sets NAME_SOURCE in the caller. CMake alone does it, at build time, whenever a file has changed.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "// Made from ${FILES} by embed_text.cmake; edit those.\n#include \"${HEADER}\"\n\n")
  string(APPEND text "namespace ${NAMESPACE} {\n\n")
  string(REPLACE "|" ";" files "${FILES}")
  foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME)
    string(MAKE_C_IDENTIFIER "${name}" name)
    file(READ "${file}" content)
    string(APPEND text "const std::string_view ${name} = R\"EMBEDDED(${content})EMBEDDED\";\n")
  endforeach()
  file(WRITE "${OUTPUT}" "${text}\n}  // namespace ${NAMESPACE}\n")
  return()
endif()

set(EMBED_TEXT_SCRIPT ${CMAKE_CURRENT_LIST_FILE} CACHE INTERNAL "")
function(embed_text name namespace header)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE files)
  string(REPLACE ";" "|" joined "${files}")
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAMESPACE=${namespace} -DHEADER=${header}
            "-DFILES=${joined}" -P ${EMBED_TEXT_SCRIPT}
    DEPENDS ${files} ${EMBED_TEXT_SCRIPT} VERBATIM)
  set(${name}_SOURCE ${output} PARENT_SCOPE)
endfunction()
