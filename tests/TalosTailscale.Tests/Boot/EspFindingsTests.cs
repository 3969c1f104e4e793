using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Boot;

/// <summary>What Get-TalosEsp says of a partition besides what is on it.</summary>
public class EspFindingsTests
{
    [Fact]
    public async Task Duplicates_stale_variables_foreign_files_leftovers_and_want_of_space_are_named()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode node = lab.Lab.Node("ampone");
        string linux = Path.Combine(node.EspDirectory, "EFI", "Linux");
        File.Copy(Path.Combine(linux, "Talos-v1.12.4.efi"), Path.Combine(linux, "Talos-v1.12.4~1.efi"));
        File.WriteAllBytes(Path.Combine(linux, "Talos-v1.12.4.efi.new-0123456789ab"), [1]);
        File.WriteAllBytes(Path.Combine(node.EspDirectory, "EFI", "tool.bin"), [1, 2]);
        File.WriteAllBytes(
            Path.Combine(linux, "Talos-v1.11.0.efi"),
            LabImages.Uki(new LabUkiSpec { Kind = LabUkiKind.Iso, Version = "v1.11.0" })
        );
        node.LoaderVariables["LoaderEntryDefault"] = "Talos-v1.10.0.efi";
        node.Faults.Set(LabFault.FullEsp);

        EspInfo esp = lab.Invoke("Get-TalosEsp ampone").Single<EspInfo>();

        string[] codes = [.. esp.Findings.Select(f => f.Code)];
        foreach (
            string code in (string[])
                ["DuplicateEntries", "StaleVariable", "ForeignFile", "Leftover", "LowSpace", "InstallerUki"]
        )
            Assert.Contains(code, codes);
        Assert.Contains(esp.Findings, f => f.Evidence.Contains("'EFI/tool.bin' (2 bytes)", StringComparison.Ordinal));
        Assert.All(esp.Findings, f => Assert.NotEmpty(f.Advice));
    }

    [Theory]
    [InlineData(new[] { 12 }, true)]
    [InlineData(new[] { 3, 4, 4 }, false)] // the backup's name takes five
    [InlineData(new[] { 3, 4, 5 }, true)]
    [InlineData(new[] { 2, 2, 2, 2, 2, 2, 2 }, false)]
    [InlineData(new int[0], false)]
    public void A_name_takes_one_run_of_free_slots(int[] runs, bool fits)
    {
        string[] names =
        [
            EspNames.LockName,
            "Talos-v1.12.4.efi.new-0123456789ab",
            "Talos-v1.12.4.efi.bak.20261122T164500Z...",
        ];
        Assert.Equal(fits, new FolderRoom(runs).Fits(names));
        Assert.True(FolderRoom.Unlimited.Fits(names));
    }

    [Fact]
    public async Task A_node_that_does_not_come_back_is_recovered_by_the_steps_in_the_message()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        string uki = UkiSwapLabTests.Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");
        lab.Lab.Node("ampone").Faults.Set(LabFault.NeverBoots);

        PowerShellResult result = lab.Invoke(
            "param($p) Invoke-UkiSwap ampone -Path $p -Reboot -Wait -Timeout 00:00:03 -Confirm:$false",
            ("p", uki)
        );

        string message = result.AssertError("NodeNotBack").Exception.Message;
        string backup = Directory
            .GetFiles(Path.Combine(lab.Lab.Node("ampone").EspDirectory, "EFI", "Linux"), "*.bak.*")
            .Select(f => Path.GetFileName(f))
            .Single();
        Assert.Contains(
            $"cp FS0:\\EFI\\Linux\\{backup} FS0:\\EFI\\Linux\\Talos-v1.12.4-old.efi",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"mv FS0:\\EFI\\Linux\\{backup} FS0:\\EFI\\Linux\\Talos-v1.12.4.efi",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains("systemd-boot menu", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PodSecurity", "PodSecurityRefused")]
    [InlineData("UnpullableImage", "PodImageUnavailable")]
    [InlineData("KilledShell", "ShellMachineUnknown")]
    [InlineData("MissingRight", "KubernetesForbidden")]
    public async Task Faults_of_Kubernetes_have_names_in_the_lab(string fault, string errorId)
    {
        var options = new LabOptions();
        options.Faults.Add(LabFaultSetting.Parse(fault));
        await using LabSession lab = await LabSession.StartAsync(options);
        lab.Invoke("Get-TalosEsp ampone").AssertError(errorId);
        lab.Lab.Node("ampone").Faults.Clear(LabFault.Find(fault)!);
        lab.Lab.Node("altra").Faults.Clear(LabFault.Find(fault)!);
        lab.Lab.Node("ryzen").Faults.Clear(LabFault.Find(fault)!);
        Assert.NotNull(lab.Invoke("Get-TalosEsp ampone").Single<EspInfo>().BootedEntry);
    }
}
