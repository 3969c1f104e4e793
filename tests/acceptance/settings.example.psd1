# Which cluster the acceptance tests run against, and what they may change there. Copy it, and give the copy:
#   ./build.ps1 -Task Acceptance -Settings ./my-cluster.psd1
# Paths are relative to this file; %NAME% is an environment variable. What is left out comes from the environment.
@{
    # TalosConfig      = '~/.talos/config' is what is found without it
    # Context          = 'lab'
    # KubeConfig       = '../kubeconfig'
    Inventory        = '../../devices'
    Nodes            = @('ryzen', 'ampone', 'altra')

    # Read even for -WhatIf, to see that the reference leads to a key. Nothing is shown of it.
    AuthKeyReference = 'op://infra/tailscale auth key/authkey'

    # An image that the nodes do not have yet: the one real proof.
    RegistryImage    = 'registry.ide-newton.ts.net/lab/registry-smoketest:1'

    # What may be changed. Without any of these the suite only reads.
    #   Render         writes devices/*/manifests/tailscale-extension-service.yaml
    #   MachineConfig  applies the patches, without a reboot; backups are kept
    #   HelperPod      starts a privileged pod for a few seconds, to read the EFI system partition
    #   Activate       swaps or upgrades, one node after the other, and reboots them
    #   Pull           pulls RegistryImage
    Allow            = @()
}
