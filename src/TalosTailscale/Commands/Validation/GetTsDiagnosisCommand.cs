using System.Management.Automation;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Commands;

/// <summary>Reads logs of ext-tailscale, from anywhere and offline, and names the cause and the fix.</summary>
[Cmdlet(VerbsCommon.Get, "TsDiagnosis", DefaultParameterSetName = "Text")]
[OutputType(typeof(TsDiagnosis))]
public sealed class GetTsDiagnosisCommand : TsCmdlet
{
    private readonly Dictionary<string, LogDiagnosis> _logs = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];

    /// <summary>Lines of text, or lines of Get-TalosLog, which are told apart by their node.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipeline = true,
        ParameterSetName = "Text",
        HelpMessage = "A line of a log, or what Get-TalosLog gave."
    )]
    [AllowEmptyString]
    [AllowNull]
    public PSObject[]? InputObject { get; set; }

    /// <summary>Files with logs; wildcards are understood. Each is a log of its own.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ParameterSetName = "Path",
        HelpMessage = "A file with a log; wildcards are understood."
    )]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var item in InputObject ?? [])
            if (item?.BaseObject is TalosLogLine line)
                LogOf(line.Node).Add(line.Line);
            else
                foreach (var text in (item?.ToString() ?? "").Split('\n'))
                    LogOf("text").Add(text);
        foreach (var path in Path)
        foreach (var file in await ResolvePathsAsync(path, literal: false))
        await foreach (var text in File.ReadLinesAsync(file, cancellationToken))
            LogOf(System.IO.Path.GetFileName(file)).Add(text);
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        foreach (var name in _order)
            await WriteObjectAsync(_logs[name].Result());
    }

    private LogDiagnosis LogOf(string name)
    {
        if (_logs.TryGetValue(name, out var log))
            return log;
        _order.Add(name);
        return _logs[name] = new LogDiagnosis(name);
    }
}
