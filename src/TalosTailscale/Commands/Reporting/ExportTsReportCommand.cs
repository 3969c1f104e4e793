using System.Management.Automation;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Reporting.Export;

namespace TalosTailscale.Commands;

/// <summary>
/// Writes checks, rollout steps and the state of EFI system partitions as one self-contained HTML page, as JSON or as JUnit XML.
/// </summary>
[Cmdlet(VerbsData.Export, "TsReport", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportTsReportCommand : TsCmdlet
{
    private readonly List<TsCheck> _checks = [];
    private readonly List<EspInfo> _partitions = [];
    private readonly List<ReportStep> _steps = [];
    private string _path = "";
    private ReportFormat _format;

    /// <summary>The file to write; one that is there is replaced. Its extension (.html, .json, .xml) says the form.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        HelpMessage = "The file to write; .html, .json or .xml says in which form."
    )]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>What Test-TsNode, Test-TsCluster, Get-TalosEsp, Invoke-UkiSwap and Install-TsNode give, in any mixture.</summary>
    [Parameter(
        Mandatory = true,
        ValueFromPipeline = true,
        HelpMessage = "What Test-TsNode, Test-TsCluster, Get-TalosEsp, Invoke-UkiSwap or Install-TsNode gave."
    )]
    [AllowEmptyCollection]
    public PSObject[] InputObject { get; set; } = [];

    /// <summary>The form, where the extension of the file does not say it.</summary>
    [Parameter(Mandatory = false)]
    public ReportFormat? As { get; set; }

    /// <summary>The heading of the report.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string Title { get; set; } = "Tailscale on Talos";

    /// <summary>Refuses to replace a file.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Gives the file.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        _path = await ResolveNewPathAsync(Path);
        _format = As
            ?? ReportWriter.FormatOf(_path)
            ?? throw ReportErrors.ReportFormatUnknown.New(
                $"'{Path}' ends in '{System.IO.Path.GetExtension(_path)}'; .html, .json or .xml was expected, or -As.",
                Path
            );
        if (NoClobber && File.Exists(_path))
            throw ReportErrors.ReportExists.New($"'{_path}' exists already, and -NoClobber was given.", Path);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (var item in InputObject)
        {
            switch (item.BaseObject)
            {
                case TsCheck check:
                    _checks.Add(check);
                    break;
                case EspInfo esp:
                    _partitions.Add(esp);
                    break;
                default:
                    // From Import-Clixml, ConvertFrom-Json, Import-Csv or a job.
                    if (TsCheckConverter.Read(item) is { } copy)
                        _checks.Add(copy);
                    else if (ReportSteps.Of(item) is { } steps)
                        _steps.AddRange(steps);
                    else
                        await WriteErrorAsync(
                            ReportErrors.ReportInputUnknown.New(
                                $"A '{item.BaseObject.GetType()}' is nothing that a report shows."
                            ),
                            item
                        );
                    break;
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        if (!await ShouldProcessAsync(_path, $"Write a report ({_format})"))
            return;
        var content = new ReportContent
        {
            Title = Title,
            Checks = _checks,
            Partitions = _partitions,
            Steps = _steps,
            Mask = Redactor.Mask,
        };
        await ReportWriter.WriteAsync(content, _format, _path, cancellationToken);
        Reporter.Verbose(
            $"'{_path}' has {_checks.Count} checks, {_steps.Count} steps and {_partitions.Count} partitions."
        );
        if (PassThru)
            await WriteObjectAsync(new FileInfo(_path));
    }
}
