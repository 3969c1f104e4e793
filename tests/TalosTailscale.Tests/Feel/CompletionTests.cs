using System.Management.Automation;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Feel;

/// <summary>What Tab offers, as the engine completes a line. Nothing here has a node or a factory to ask.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ts-tab-").FullName;
    private readonly PowerShellSession _session;

    public CompletionTests()
    {
        Node("ryzen", "192.168.1.194", "amd64");
        Node("ampone", "192.168.1.203", "arm64");
        Node("am's board", "192.168.1.85", "arm64");
        Node("größe", "192.168.1.86", "arm64");
        File.WriteAllText(
            Path.Combine(_folder, "talosconfig"),
            """
            context: home
            contexts:
                home:
                    endpoints: [192.168.1.194]
                home lab:
                    endpoints: [192.168.2.1, 192.168.2.2]
                $cash:
                    endpoints: []
            """
        );
        File.WriteAllText(
            Path.Combine(_folder, "kubeconfig"),
            """
            apiVersion: v1
            kind: Config
            clusters: [{name: one, cluster: {server: "https://192.168.1.200:6443"}}]
            contexts:
            - {name: admin@lab, context: {cluster: one, user: admin}}
            - {name: admin@prod, context: {cluster: gone, user: admin}}
            """
        );
        File.WriteAllText(Path.Combine(_folder, "broken"), new string('[', 200_000));
        _session = PowerShellSession.Create(new Dictionary<string, object>());
    }

    [Theory]
    [InlineData("Get-TsNode ry", new[] { "ryzen" })]
    [InlineData("Get-TsNode RY", new[] { "ryzen" })]
    [InlineData("Get-TsNode am", new[] { "'am''s board'", "ampone" })]
    [InlineData("Get-TsNode 'am", new[] { "'am''s board'", "'ampone'" })]
    [InlineData("Get-TsNode \"am", new[] { "\"am's board\"", "\"ampone\"" })]
    [InlineData("Get-TsNode gr", new[] { "größe" })]
    [InlineData("Get-TsNode *pone", new[] { "ampone" })]
    [InlineData("Get-TsNode zz", new string[0])]
    [InlineData("Test-TsNode -Node am", new[] { "'am''s board'", "ampone" })]
    [InlineData("Invoke-UkiSwap -Node ry", new[] { "ryzen" })]
    [InlineData("New-TsExtensionServiceConfig -Node ry", new[] { "ryzen" })]
    public void Nodes_come_from_the_inventory(string line, string[] expected) =>
        Assert.Equal(expected, Complete(With(line, $"-Inventory '{Path.Combine(_folder, "devices")}'")));

    [Theory]
    [InlineData("Get-TalosService -Context ho", new[] { "home", "'home lab'" })]
    [InlineData("Get-TalosService -Context '$", new[] { "'$cash'" })]
    [InlineData("Get-TalosService -Context \"$", new[] { "\"`$cash\"" })]
    public void Contexts_come_from_the_talosconfig(string line, string[] expected) =>
        Assert.Equal(expected, Complete(With(line, $"-TalosConfig '{Path.Combine(_folder, "talosconfig")}'")));

    [Theory]
    [InlineData("Get-TalosEsp -KubeContext admin@l", "kubeconfig", new[] { "'admin@lab'" })]
    [InlineData("Invoke-UkiSwap -KubeContext ADMIN", "kubeconfig", new[] { "'admin@lab'", "'admin@prod'" })]
    [InlineData("Restore-Uki -KubeContext x", "kubeconfig", new string[0])]
    [InlineData("Install-TsNode -KubeContext admin@p", "kubeconfig", new[] { "'admin@prod'" })]
    [InlineData("Undo-TsNode -KubeContext admin@p", "kubeconfig", new[] { "'admin@prod'" })]
    [InlineData("Test-TsNode -KubeContext admin@p", "kubeconfig", new[] { "'admin@prod'" })]
    [InlineData("Test-TsCluster -KubeContext admin@p", "kubeconfig", new[] { "'admin@prod'" })]
    [InlineData("Update-TalosNodeAddress -KubeContext admin@p", "kubeconfig", new[] { "'admin@prod'" })]
    [InlineData("Test-TsCluster -KubeContext a", "broken", new string[0])]
    [InlineData("Test-TsCluster -KubeContext a", "missing", new string[0])]
    public void Contexts_of_Kubernetes_come_from_the_kubeconfig(string line, string file, string[] expected) =>
        Assert.Equal(expected, Complete(With(line, $"-KubeConfig '{Path.Combine(_folder, file)}'")));

    [Theory]
    [InlineData("Test-TsNode -Check Efi§", "Efivars")]
    [InlineData("Test-TsNode -Check Api, BootE§", "BootEntries")]
    [InlineData("Test-TsNode -SkipCheck Priv§", "PrivatePull")]
    [InlineData("Invoke-UkiSwap -SkipGate Quo§", "Quorum")]
    [InlineData("Set-TalosMachinePatch -Mode St§", "Staged")]
    [InlineData("Set-TalosMachinePatch -ListMerge App§", "Append")]
    [InlineData("Restart-TalosNode -Mode Pow§", "PowerCycle")]
    [InlineData("Save-TalosImage -Kind Inst§", "Installer")]
    [InlineData("Save-TalosImage -Architecture Arm§", "Arm64")]
    [InlineData("Save-TalosContainerImage -ImageNamespace Sys§", "System")]
    [InlineData("Get-TalosResource -Type machinest§", "MachineStatuses.runtime.talos.dev")]
    [InlineData("Get-TalosService -Id ext§", "ext-tailscale")]
    [InlineData("Get-TalosLog -Id kubel§", "kubelet")]
    [InlineData("Restart-TalosService -Id kub§", "kubelet")]
    [InlineData("New-TalosSchematic -Extension siderolabs/tails§", "siderolabs/tailscale")]
    public void What_is_known_beforehand_is_offered(string line, string expected) =>
        Assert.Contains(expected, Complete(line));

    [Fact]
    public void Schematics_that_were_made_here_are_offered()
    {
        string id = _session
            .Invoke("New-TalosSchematic -Extension siderolabs/tailscale, siderolabs/iscsi-tools -Offline")
            .Single<TalosSchematic>()
            .Id;
        CompletionResult offer = Assert.Single(Results($"Save-TalosImage -SchematicId {id[..10]}§"));
        Assert.Equal(id, offer.CompletionText);
        Assert.Contains("siderolabs/iscsi-tools", offer.ToolTip, StringComparison.Ordinal);
        Assert.Contains("siderolabs/iscsi-tools", Complete("New-TalosSchematic -Extension siderolabs/isc§"));
    }

    [Fact]
    public void A_tool_tip_says_where_the_node_is()
    {
        CompletionResult result = Assert.Single(
            Results($"Get-TsNode ry§ -Inventory '{Path.Combine(_folder, "devices")}'")
        );
        Assert.Contains("192.168.1.194", result.ToolTip, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_is_nothing_Tab_says_nothing()
    {
        Assert.Empty(Complete($"Get-TsNode a§ -Inventory '{Path.Combine(_folder, "nowhere")}'"));
        Assert.Empty(Complete($"Get-TalosService -Context a§ -TalosConfig '{Path.Combine(_folder, "nothing")}'"));
        File.WriteAllText(Path.Combine(_folder, "broken"), "{{{");
        Assert.Empty(Complete($"Get-TalosService -Context a§ -TalosConfig '{Path.Combine(_folder, "broken")}'"));
    }

    public void Dispose()
    {
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // Before the word that is completed: behind it, an open quote would swallow it.
    private static string With(string line, string parameter) =>
        line.Insert(line.IndexOf(' ', StringComparison.Ordinal), " " + parameter) + "§";

    // The section sign stands for the cursor.
    private string[] Complete(string line) => [.. Results(line).Select(result => result.CompletionText)];

    private IReadOnlyList<CompletionResult> Results(string line)
    {
        int cursor = line.IndexOf('§', StringComparison.Ordinal);
        using var shell = PowerShell.Create(_session.Runspace);
        return CommandCompletion.CompleteInput(line.Remove(cursor, 1), cursor, null, shell).CompletionMatches;
    }

    private void Node(string name, string address, string architecture)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "devices", name)).FullName;
        File.WriteAllText(Path.Combine(folder, "node.yaml"), $"address: {address}\narchitecture: {architecture}\n");
    }
}
