namespace TalosTailscale.Core.Rollout;

/// <summary>Where a survey looks besides the cluster.</summary>
public sealed record AddressSurveyOptions
{
    /// <summary>Files and folders that are searched.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The kubeconfig files; those that are not there are left out.</summary>
    public IReadOnlyList<string> KubeConfigs { get; init; } = [];

    /// <summary>The folder for backups of machine configurations; null for the usual one.</summary>
    public string? BackupFolder { get; init; }
}
