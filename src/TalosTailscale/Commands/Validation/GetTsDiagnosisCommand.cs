using System.Management.Automation;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Commands;

/// <summary>
/// Reads logs of ext-tailscale, from anywhere and offline or of nodes from the pipeline, and names the cause and the fix.
/// </summary>
[Cmdlet(VerbsCommon.Get, "TsDiagnosis", DefaultParameterSetName = "Text")]
[OutputType(typeof(TsDiagnosis))]
public sealed class GetTsDiagnosisCommand : TsCmdlet
{
    private readonly Dictionary<string, LogDiagnosis> _logs = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private TalosClient? _client;

    /// <summary>
    /// Lines of text, lines of Get-TalosLog, which are told apart by their node, or nodes of Get-TsNode, whose log is read.
    /// </summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipeline = true,
        ParameterSetName = "Text",
        HelpMessage = "A line of a log, what Get-TalosLog gave, or what Get-TsNode gave."
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

    /// <summary>The talosconfig file, for nodes; else the one that TALOSCONFIG names, else ~/.talos/config.</summary>
    [Parameter(Mandatory = false, ParameterSetName = "Text")]
    [ValidateNotNullOrEmpty]
    public string? TalosConfig { get; set; }

    /// <summary>The context of the talosconfig, for nodes; its current one when not given.</summary>
    [Parameter(Mandatory = false, ParameterSetName = "Text")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TalosContextCompleter))]
    public string? Context { get; set; }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var item in InputObject ?? [])
            if (item?.BaseObject is TalosLogLine line)
                LogOf(line.Node).Add(line.Line);
            else if (item?.BaseObject is TsNode node)
                await ReadNodeAsync(node, cancellationToken);
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
            if (_logs[name].IsOneWord)
                await WriteErrorAsync(
                    ValidationErrors.NotALog.New("The text is one word, which no log is.", name),
                    name
                );
            else
                await WriteObjectAsync(_logs[name].Result());
    }

    private async Task ReadNodeAsync(TsNode node, CancellationToken cancellationToken)
    {
        try
        {
            _client ??= TalosClient.Connect(
                TalosConfigFile
                    .Load(TalosConfig is null ? null : await ResolveNewPathAsync(TalosConfig))
                    .Context(Context),
                new TalosClientOptions()
            );
            var lines = _client
                .Node(node.Address, node.Name)
                .LogsAsync("ext-tailscale", cancellation: cancellationToken);
            await foreach (var text in lines)
                LogOf(node.Name).Add(text);
        }
        catch (TsException e)
        {
            await WriteErrorAsync(e, node.Name);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _client?.Dispose();
        base.Dispose(disposing);
    }

    private LogDiagnosis LogOf(string name)
    {
        if (_logs.TryGetValue(name, out var log))
            return log;
        _order.Add(name);
        return _logs[name] = new LogDiagnosis(name);
    }
}
