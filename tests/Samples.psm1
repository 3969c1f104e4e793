# Objects of the model types, filled with values as real ones look and as long as they get, the same at every run.
$hash = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba'
$texts = [System.Collections.Generic.Dictionary[string, string]]::new([StringComparer]::Ordinal)
$words = @{
    'Node' = 'talos-192-168-1-203'
    'Name' = 'ampone'
    'PreviousHostname' = 'talos-192-168-1-203'
    'DnsName' = 'ampone.tail1234.ts.net.'
    'KubernetesName' = 'talos-192-168-1-203'
    'Address' = '192.168.1.203'
    'OldAddress' = '192.168.1.190'
    'NewAddress' = '192.168.1.203'
    'Addresses' = '100.101.102.103'
    'Version' = 'v1.12.4'
    'TalosVersion' = 'v1.12.4'
    'PreviousVersion' = 'v1.12.3'
    'Path' = '/home/op/images/376567988ad3-v1.12.4-metal-arm64-uki.efi'
    'Device' = '/dev/nvme0n1p1'
    'EspDevice' = '/dev/nvme0n1p1'
    'BootedEntry' = 'Talos-v1.12.4.efi'
    'Backup' = 'Talos-v1.12.4.efi.bak.20260102T030405Z'
    'StagedName' = '.Talos-v1.12.4.efi.staged-3f2a91'
    'Evidence' = 'the service ext-tailscale has been running for 3 minutes and its health check passes'
    'Cause' = 'the auth key has expired'
    'Meaning' = 'the tailnet no longer accepts the key that the node logs in with'
    'Fix' = 'make a new key, render and patch again: New-TsExtensionServiceConfig | Set-TalosMachinePatch'
    'Image' = "factory.talos.dev/metal-installer/${hash}:v1.12.4"
    'InstallerImage' = "factory.talos.dev/metal-installer/${hash}:v1.12.4"
    'Reference' = 'registry.ide-newton.ts.net/lab/registry-smoketest:1'
    'Digest' = "sha256:$hash"
    'Routes' = '192.168.1.0/24'
    'Tags' = 'tag:k8s-node'
    'Extensions' = 'siderolabs/tailscale'
    'Manifests' = '/home/op/devices/ampone/manifests/tailscale-dns.patch.yaml'
    'Message' = 'Service in running state'
    'IdHex' = '8e9e05c52164694d'
    'Hostname' = 'ampone'
    'Author' = 'Sidero Labs'
    'Description' = 'Tailscale runs as a system service on the node'
    'Old' = '192.168.1.190'
    'New' = '192.168.1.203'
    'Text' = 'machine.certSANs[0]'
    'Source' = '/home/op/devices/ampone/node.yaml'
    'Line' = '2026/01/02 03:04:05 Startup complete, waiting for shutdown signal'
    'State' = 'Running'
    'Stage' = 'running'
    'Service' = 'ext-tailscale'
    'PeerUrls' = 'https://192.168.1.203:2380'
    'ClientUrls' = 'https://192.168.1.203:2379'
    'Documents' = 'v1alpha1 ExtensionServiceConfig tailscale'
    'Type' = 'MachineStatuses.runtime.talos.dev'
    'Namespace' = 'runtime'
    'Location' = 'EFI/Linux/Talos-v1.12.4.efi'
    'UkiInfo.Name' = 'talos-v1.12.4-metal-arm64-uki-37656798.efi'
    'UkiExtension.Name' = 'tailscale'
    'UkiExtension.Version' = '1.94.1'
    'TsCheck.Name' = 'TailnetAddress'
    'TsCheck.Cause' = 'AuthKeyExpired'
    'CommandLine' = 'talos.platform=metal console=ttyAMA0 init_on_alloc=1'
}
foreach ($word in $words.GetEnumerator()) { $texts[$word.Key] = $word.Value }

# The types that the module's cmdlets write, by name, and the parts of them that have views of their own.
function Get-OutputModel {
    $types = (Get-Module TalosTailscale).ExportedCmdlets.Values.OutputType.Type
    @($types; [TalosTailscale.EspFile]; [TalosTailscale.UkiSwapGateResult]) | Where-Object Namespace -EQ TalosTailscale | Sort-Object Name -Unique
}

function New-Sample([type] $Type, [string] $Name = $Type.Name, [int] $Depth = 0) {
    $Type = [Nullable]::GetUnderlyingType($Type) ?? $Type
    if ($Type.IsEnum) { return [enum]::GetValues($Type)[-1] }
    switch ($Type) {
        ([string]) { return Get-SampleText $Name }
        ([bool]) { return $true }
        ([int]) { return 3 }
        ([long]) { return 109051904L }
        ([ulong]) { return 10276657743932975437uL }
        ([double]) { return 1.5 }
        ([version]) { return [version] '1.12.4' }
        ([uri]) { return [uri] "https://factory.talos.dev/image/$hash/v1.12.4/metal-arm64-uki.efi" }
        ([DateTimeOffset]) { return [DateTimeOffset]::new(2026, 1, 2, 3, 4, 5, [TimeSpan]::Zero) }
        ([TimeSpan]) { return [TimeSpan]::FromSeconds(83.4) }
        ([object]) { return 'value' }
        ([securestring]) { return ConvertTo-SecureString 'a secret' -AsPlainText -Force }
        ([byte[]]) { return , [byte[]] (1, 2, 3) }
        ([ReadOnlyMemory[byte]]) { return [ReadOnlyMemory[byte]]::new([byte[]] (1, 2, 3)) }
    }
    $arguments = $Type.IsArray ? @($Type.GetElementType()) : $Type.GetGenericArguments()
    if ($arguments.Count -eq 2) {
        $map = [activator]::CreateInstance([System.Collections.Generic.Dictionary`2].MakeGenericType($arguments))
        $map.Add((New-Sample $arguments[0] key ($Depth + 1)), (New-Sample $arguments[1] value ($Depth + 1)))
        return , $map
    }
    if ($arguments.Count -eq 1) {
        $list = [array]::CreateInstance($arguments[0], [int] ($Depth -le 2))
        if ($list.Length) { $list.SetValue((New-Sample $arguments[0] $Name ($Depth + 1)), 0) }
        return , $list
    }
    if ($Depth -gt 3) { return $null }
    $made = [System.Runtime.CompilerServices.RuntimeHelpers]::GetUninitializedObject($Type)
    foreach ($property in $Type.GetProperties() | Where-Object { $_.SetMethod -and $_.GetIndexParameters().Count -eq 0 }) {
        $special = "$($Type.Name).$($property.Name)"
        $property.SetValue($made, (New-Sample $property.PropertyType ($texts.ContainsKey($special) ? $special : $property.Name) ($Depth + 1)))
    }
    $made
}

function Get-SampleText([string] $Name) {
    if ($Name.EndsWith('Sha256') -or $Name -cin 'SchematicId', 'Schematic') { $hash }
    elseif ($Name -ceq 'Id') { 'ext-tailscale' }
    elseif ($texts.ContainsKey($Name)) { $texts[$Name] }
    else { $Name.ToLowerInvariant() }
}

Export-ModuleMember -Function Get-OutputModel, New-Sample
