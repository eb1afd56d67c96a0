# Completion of stackroom for bash; made by `stackroom completion bash`.
_stackroom_completion() {
    local program=${1/#\~/$HOME} errors=/dev/null kind value
    type -P -- "$program" >/dev/null || program=stackroom
    [[ ${STACKROOM_DEBUG-} == 1 ]] && errors=/dev/stderr
    COMPREPLY=()
    while IFS=$'\t' read -r kind value; do
        case $kind in
            file) compopt -o default 2>/dev/null ;;
            dir) compopt -o dirnames 2>/dev/null ;;
            word) COMPREPLY+=("$value") ;;
        esac
    done < <(
        _STACKROOM_COMPLETE=bash COMP_LINE=${COMP_LINE:0:COMP_POINT} COMP_WORDBREAKS=$COMP_WORDBREAKS \
            "$program" 2>>"$errors" </dev/null
    )
}
# Older ones, such as macOS's bash 3.2, do not know nosort.
complete -o nosort -F _stackroom_completion stackroom 2>/dev/null ||
    complete -F _stackroom_completion stackroom
