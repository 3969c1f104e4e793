namespace TalosTailscale.Rehearsal;

/// <summary>What the command line asked for. Options are written as PowerShell's: <c>-Command '…'</c>.</summary>
internal sealed record RehearsalOptions
{
    public string? Command { get; private init; }

    public string? File { get; private init; }

    public string? Fault { get; private init; }

    public string? Shape { get; private init; }

    public bool Serve { get; private init; }

    public bool Prompt { get; private init; }

    public bool Help { get; private init; }

    public const string Usage = """
        Rehearses the runbook on an embedded cluster: nothing leaves this machine.

          dotnet run --project src/TalosTailscale.Rehearsal
              the tour: render, patch, swap or upgrade, validate
          … -- -Prompt
              a PowerShell prompt on the lab
          … -- -Command 'Get-TsNode | Test-TsNode'
          … -- -File my.ps1
              your own script against the lab
          … -- -Fault NAME
              what a fault looks like, or with the others a lab that has it; without a name, the list of them
          … -- -Serve
              keeps the lab up and prints the environment by which pwsh, kubectl or another Talos client reaches it
          … -- -Shape NAME
              another kind of cluster, for any of these; several with commas; without a name, the list of them
        """;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="ArgumentException">An option is unknown, lacks its value, or contradicts another.</exception>
    public static RehearsalOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new RehearsalOptions();
        for (int i = 0; i < arguments.Count; i++)
        {
            string name = arguments[i].TrimStart('-').ToLowerInvariant();
            string Value() =>
                ++i < arguments.Count
                    ? arguments[i]
                    : throw new ArgumentException($"'{arguments[i - 1]}' needs a value.");
            bool HasValue() => i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-');
            options = name switch
            {
                "command" or "c" => options with { Command = Value() },
                "file" or "f" => options with { File = Value() },
                "fault" => options with { Fault = HasValue() ? Value() : "" },
                "shape" => options with { Shape = HasValue() ? Value() : "" },
                "prompt" => options with { Prompt = true },
                "serve" => options with { Serve = true },
                "help" or "h" or "?" => options with { Help = true },
                _ => throw new ArgumentException($"'{arguments[i]}' is not an option."),
            };
        }

        int modes = new[]
        {
            options.Command is not null,
            options.File is not null,
            options.Serve,
            options.Prompt,
        }.Count(chosen => chosen);
        return modes <= 1 ? options : throw new ArgumentException("Give one of -Prompt, -Command, -File and -Serve.");
    }
}
