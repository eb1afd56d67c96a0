#compdef stackroom
# Completion of stackroom for zsh; made by `stackroom completion zsh`.
_stackroom() {
    local program=${${(Q)words[1]}/#\~/$HOME} errors=/dev/null line
    local -a fields described plain
    (( $+commands[$program] )) || [[ -x $program ]] || program=stackroom
    [[ $STACKROOM_DEBUG == 1 ]] && errors=/dev/stderr
    for line in "${(@f)$(
        _STACKROOM_COMPLETE=zsh $program "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" \
            2>>$errors </dev/null
    )}"; do
        fields=("${(@ps:\t:)line}")
        case $fields[1] in
            file) compset -P '--*='; _path_files ;;
            dir) compset -P '--*='; _path_files -/ ;;
            word)
                if [[ -n $fields[3] ]]; then
                    described+=("${fields[2]//:/\\:}:$fields[3]")
                else
                    plain+=("$fields[2]")
                fi
                ;;
        esac
    done
    (( $#described )) && _describe -V stackroom described
    (( $#plain )) && compadd -V stackroom -a plain
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _stackroom "$@"
else
    compdef _stackroom stackroom
fi
