# Completion of stackroom for fish; made by `stackroom completion fish`.
function __stackroom_complete
    set -l words (commandline -opc)
    set -l current (string unescape -- (commandline -ct))
    set -l program $words[1]
    command -q -- $program; or set program stackroom
    set -l errors /dev/null
    test "$STACKROOM_DEBUG" = 1; and set errors /dev/stderr
    for line in (env _STACKROOM_COMPLETE=fish $program $words[2..-1] "$current" 2>>$errors </dev/null)
        set -l fields (string split \t -- $line)
        switch $fields[1]
            case file
                __fish_complete_path "$current"
            case dir
                __fish_complete_directories "$current"
            case word
                string join \t -- $fields[2..-1]
        end
    end
end
complete --command stackroom --no-files --keep-order --arguments '(__stackroom_complete)'
